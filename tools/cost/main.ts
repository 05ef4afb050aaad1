import { runCost } from './run.ts';

process.exitCode = await runCost(process.argv.slice(2), process.env.INIT_CWD ?? '.', console);
