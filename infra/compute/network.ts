import * as pulumi from '@pulumi/pulumi';

export interface NetworkArgs {
  /** An existing VPC to use instead of an own one; `subnetIds` must then be given too. */
  vpcId?: pulumi.Input<string>;
  /** Existing subnets with a way to the internet (ECR, SQS, S3, R2 or Wasabi). */
  subnetIds?: pulumi.Input<string>[];
  /** Address range of the own VPC. @default '10.60.0.0/16' */
  cidrBlock?: string;
  /** Zones of the own VPC; more zones find more Spot capacity. @default 3 */
  zones?: number;
  tags?: Record<string, string>;
}

export declare class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  readonly securityGroupId: pulumi.Output<string>;
  /** False when the subnets are somebody else's: then a Fargate task gets no public address unless told so. */
  readonly own: boolean;
  constructor(name: string, args?: NetworkArgs, opts?: pulumi.ComponentResourceOptions);
}
