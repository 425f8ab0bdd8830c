export const metricsNamespace = 'TEAM'
