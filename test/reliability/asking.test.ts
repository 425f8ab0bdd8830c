import { asking } from './rows/asking.ts'
import { tabulate } from './tabulate.ts'

tabulate(asking)
