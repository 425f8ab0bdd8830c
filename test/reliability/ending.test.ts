import { ending } from './rows/ending.ts'
import { tabulate } from './tabulate.ts'

tabulate(ending)
