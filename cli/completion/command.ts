import { Argument, Command } from 'commander';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { commandsOf } from './tree.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

type Shell = keyof typeof scripts;

/** `farm completion`: a script for a shell, made from all commands of the program. */
export function completionCommand(): Command {
  const command = new Command('completion')
    .addArgument(new Argument('<shell>', 'of which shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      '\nFor this shell:  source <(farm completion bash)\nFor good:        add that line to ~/.bashrc; zsh: to ~/.zshrc, after compinit\nFish:            farm completion fish > ~/.config/fish/completions/farm.fish',
    );
  return command.action((shell: Shell) => {
    let program: Command = command;
    while (program.parent) program = program.parent;
    process.stdout.write(scripts[shell](program.name(), commandsOf(program)));
  });
}
