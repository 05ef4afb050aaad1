import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface ClusterArgs {
  /**
   * Container Insights: metrics of each task, paid as custom metrics. The farm's own scaling, dashboard and alarms do
   * without. @default false
   */
  containerInsights?: boolean;
}

/** The ECS cluster. Cost: nothing; Container Insights is $0.30 a metric and month (https://aws.amazon.com/cloudwatch/pricing/). */
export class Cluster extends pulumi.ComponentResource {
  readonly clusterName: pulumi.Output<string>;
  readonly clusterArn: pulumi.Output<string>;

  constructor(
    name: string,
    { containerInsights = false }: ClusterArgs = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('transcode-farm:compute:Cluster', name, {}, opts);
    const cluster = new aws.ecs.Cluster(
      name,
      { settings: [{ name: 'containerInsights', value: containerInsights ? 'enabled' : 'disabled' }] },
      { parent: this },
    );
    this.clusterName = cluster.name;
    this.clusterArn = cluster.arn;
    this.registerOutputs({ clusterName: this.clusterName, clusterArn: this.clusterArn });
  }
}
