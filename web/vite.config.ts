import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/**
 * Cloudscape's global styles carry eight faces of Open Sans as data URIs, about 140 kB after gzip.
 * The fonts of the person's system serve as well, and Japanese never came from them.
 */
function withoutWebFonts(): Plugin {
  return {
    name: 'without-web-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('@cloudscape-design/global-styles') || !id.endsWith('.css')) return null
      return { code: code.replace(/@font-face\s*\{[^}]*\}/g, ''), map: null }
    },
  }
}

const api = process.env.TEAM_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: new URL('.', import.meta.url).pathname,
  plugins: [withoutWebFonts(), react()],
  server: { proxy: { '/api': api, '/auth': api } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    // The content security policy allows no `data:` scripts, and a file of its own caches better.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'tanstack', test: /node_modules\/@tanstack\// },
          ],
        },
      },
    },
  },
})
