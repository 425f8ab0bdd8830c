import { creating } from './rows/creating.ts'
import { tabulate } from './tabulate.ts'

tabulate(creating)
