import { living } from './rows/living.ts'
import { tabulate } from './tabulate.ts'

tabulate(living)
