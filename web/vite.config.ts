import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
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

/**
 * Each text beside itself as `.gz` and `.br`: the server sends these as they lie, and compresses
 * nothing itself.
 */
function preCompressed(): Plugin {
  return {
    name: 'pre-compressed',
    async writeBundle({ dir = '' }) {
      for (const name of await readdir(dir, { recursive: true })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue
        const bytes = await readFile(join(dir, name))
        await writeFile(join(dir, `${name}.gz`), gzipSync(bytes, { level: 9 }))
        await writeFile(join(dir, `${name}.br`), brotliCompressSync(bytes, brotli))
      }
    },
  }
}

/** The highest quality takes eight times as long, for two per cent. */
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

const api = process.env.TEAM_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: new URL('.', import.meta.url).pathname,
  plugins: [withoutWebFonts(), react(), preCompressed()],
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
