// Preloaded into a worker on this machine (`node --import`): when the process that started it is gone, however it
// ended, the channel to it closes, and the worker ends as it does when the cloud stops it.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 10_000).unref();
});
process.channel?.unref();
