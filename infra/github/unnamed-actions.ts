const ofService = (service: string, actions: string) =>
  actions
    .trim()
    .split(/\s+/)
    .map((action) => `${service}:${action}`);

/**
 * Calls of a deployment that no name of the farm can narrow: what AWS gives an id (networks, launch templates, scaling
 * targets), and what has no resource in the service authorization reference
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
 * EC2 has no call here that reaches into an instance of somebody else; `RunInstances` is what Auto Scaling asks of whoever makes a
 * group with a launch template.
 */
export const unnamedActions: readonly string[] = [
  ...ofService(
    'ec2',
    `Describe*
     CreateVpc ModifyVpcAttribute DeleteVpc
     CreateSubnet ModifySubnetAttribute DeleteSubnet
     CreateInternetGateway AttachInternetGateway DetachInternetGateway DeleteInternetGateway
     CreateRouteTable AssociateRouteTable ReplaceRouteTableAssociation DisassociateRouteTable DeleteRouteTable
     CreateRoute ReplaceRoute DeleteRoute
     CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints
     CreateSecurityGroup DeleteSecurityGroup ModifySecurityGroupRules
     AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress RevokeSecurityGroupIngress
     UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress
     CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate
     RunInstances CreateTags DeleteTags`,
  ),
  ...ofService(
    'acm',
    `RequestCertificate DescribeCertificate DeleteCertificate
     AddTagsToCertificate RemoveTagsFromCertificate ListTagsForCertificate`,
  ),
  ...ofService(
    'application-autoscaling',
    `RegisterScalableTarget DeregisterScalableTarget DescribeScalableTargets
     PutScalingPolicy DeleteScalingPolicy DescribeScalingPolicies
     ListTagsForResource TagResource UntagResource`,
  ),
  ...ofService('autoscaling', 'Describe*'),
  ...ofService('cloudwatch', 'DescribeAlarms'),
  ...ofService('ecr', 'GetAuthorizationToken'),
  ...ofService('elasticloadbalancing', 'Describe*'),
  ...ofService(
    'ecs',
    `CreateCluster CreateCapacityProvider DescribeCapacityProviders
     RegisterTaskDefinition DescribeTaskDefinition DeregisterTaskDefinition`,
  ),
  ...ofService(
    'lambda',
    `CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping
     ListTags TagResource UntagResource`,
  ),
  ...ofService('logs', 'DescribeLogGroups'),
  ...ofService('sns', 'GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe'),
  ...ofService('ssm', 'DescribeParameters'),
];

/** The same for CloudFront, which is in no region. */
export const unnamedGlobalActions: readonly string[] = ofService(
  'cloudfront',
  `CreateDistribution CreateDistributionWithTags GetDistribution GetDistributionConfig UpdateDistribution DeleteDistribution
   CreateOriginAccessControl GetOriginAccessControl GetOriginAccessControlConfig UpdateOriginAccessControl DeleteOriginAccessControl
   CreateResponseHeadersPolicy GetResponseHeadersPolicy GetResponseHeadersPolicyConfig UpdateResponseHeadersPolicy
   DeleteResponseHeadersPolicy
   ListTagsForResource TagResource UntagResource`,
);
