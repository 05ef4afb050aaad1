import * as pulumi from '@pulumi/pulumi';

export interface ClusterArgs {
  /** Container Insights: about $2.50 a month and more with each task. @default false */
  containerInsights?: boolean;
  tags?: Record<string, string>;
}

export declare class Cluster extends pulumi.ComponentResource {
  readonly clusterName: pulumi.Output<string>;
  readonly clusterArn: pulumi.Output<string>;
  constructor(name: string, args?: ClusterArgs, opts?: pulumi.ComponentResourceOptions);
}
