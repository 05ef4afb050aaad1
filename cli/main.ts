import { runProgram } from './run-program.ts';

// "farm jobs | head" reads what it wants and goes.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

await runProgram(process.argv.slice(2));
