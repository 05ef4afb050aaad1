/** What `farm init` asks. Each question has a flag of the same name, so that a script can answer it. */
export interface Question {
  key: 'region' | 'storage' | 'cloudflareAccount' | 'wasabiRegion' | 'compute' | 'maxWorkers' | 'portal';
  flag: string;
  text: string;
  /** Values that may be chosen, each with what it means. */
  choices?: Readonly<Record<string, string>>;
  /** Undefined where there is no answer that suits most. */
  fallback(answers: InitAnswers): string | undefined;
  /** Left out where earlier answers make it pointless. */
  isAsked(answers: InitAnswers): boolean;
  /** What is wrong with an answer, as the end of a sentence that begins with it. */
  fault?(value: string): string | undefined;
}

export type InitAnswers = Partial<Record<Question['key'], string>>;

const always = () => true;

const awsRegion = /^[a-z]{2,}(-[a-z]+)+-\d$/;

export function initQuestions(env: NodeJS.ProcessEnv): readonly Question[] {
  return [
    {
      key: 'region',
      flag: '--region <region>',
      text: 'AWS region of queue and workers',
      fallback: () =>
        [env.AWS_REGION, env.AWS_DEFAULT_REGION].find((name = '') => awsRegion.test(name)) ?? 'us-east-1',
      isAsked: always,
      fault: (value) => (awsRegion.test(value) ? undefined : 'is not an AWS region, such as eu-central-1'),
    },
    {
      key: 'storage',
      flag: '--storage <backend>',
      text: 'Where films go',
      choices: {
        s3: 'Amazon S3: nothing else to sign up for',
        r2: 'Cloudflare R2: viewers cost nothing, and each film is sent out of AWS once',
        wasabi: 'Wasabi: viewers cost nothing, 1 TB is the smallest bill',
      },
      fallback: () => 's3',
      isAsked: always,
    },
    {
      key: 'cloudflareAccount',
      flag: '--cloudflare-account <id>',
      text: 'Account id of Cloudflare (on the right of its R2 page)',
      fallback: () => undefined,
      isAsked: ({ storage }) => storage === 'r2',
      fault: (value) =>
        /^[0-9a-f]{32}$/.test(value) ? undefined : 'is not an account id: 32 digits and letters from a to f',
    },
    {
      key: 'wasabiRegion',
      flag: '--wasabi-region <region>',
      text: 'Region of Wasabi',
      fallback: () => 'us-east-1',
      isAsked: ({ storage }) => storage === 'wasabi',
      fault: (value) =>
        /^[a-z]{2}-[a-z]+-\d$/.test(value) ? undefined : 'is not a region of Wasabi, such as eu-central-1',
    },
    {
      key: 'compute',
      flag: '--compute <kind>',
      text: 'What makes them',
      choices: {
        fargate: 'a few containers: the least money for a film on CPUs, some minutes to hours',
        function: 'many calls of AWS Lambda at once: minutes for any film, and nothing that runs',
        gpu: 'EC2 instances with NVENC: for many films a day; needs a quota for G instances',
      },
      fallback: () => 'fargate',
      isAsked: always,
    },
    {
      key: 'maxWorkers',
      flag: '--max-workers <n>',
      text: 'Workers at once, at most',
      fallback: ({ compute }) => ({ function: '150', gpu: '3' })[compute ?? ''] ?? '2',
      isAsked: always,
      fault: (value) =>
        /^[1-9]\d{0,3}$/.test(value) ? undefined : 'is not a number of workers from 1 to 9999',
    },
    {
      key: 'portal',
      flag: '--portal <host>',
      text: 'A page on which people upload and watch',
      choices: {
        none: 'no: films come from apps, the bucket and the command line',
        function: 'yes, behind a password; nothing to pay at rest',
      },
      fallback: () => 'none',
      isAsked: always,
    },
  ];
}

/** @returns what is wrong with an answer, in a sentence with what is allowed; undefined if nothing is */
export function problemOf(
  { choices, fault }: Pick<Question, 'choices' | 'fault'>,
  value: string,
): string | undefined {
  if (choices && !Object.hasOwn(choices, value))
    return `"${value}" is none of ${Object.keys(choices).join(', ')}.`;
  const wrong = fault?.(value);
  return wrong === undefined ? undefined : `"${value}" ${wrong}.`;
}
