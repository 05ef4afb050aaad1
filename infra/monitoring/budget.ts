import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

export interface BudgetArgs {
  /** USD a month. */
  monthlyUsd: number;
  /**
   * Counts only what carries this tag; without it, all that the account spends. A tag counts from the day on which it is activated as a cost
   * allocation tag in the billing console, manually; until then the budget reads zero.
   */
  tag?: { name: string; value: string };
  email: pulumi.Input<string>;
}

/** Writes when 80 % and 100 % of the budget are spent, and when the month is forecast to pass it. */
export function createBudget(
  parent: pulumi.Resource,
  name: string,
  { monthlyUsd, tag, email }: BudgetArgs,
): aws.budgets.Budget {
  const warnings = [
    { notificationType: 'ACTUAL', threshold: 80 },
    { notificationType: 'ACTUAL', threshold: 100 },
    { notificationType: 'FORECASTED', threshold: 100 },
  ];
  return new aws.budgets.Budget(
    name,
    {
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      limitAmount: String(monthlyUsd),
      limitUnit: 'USD',
      ...(tag && { costFilters: [{ name: 'TagKeyValue', values: [`user:${tag.name}$${tag.value}`] }] }),
      notifications: warnings.map((warning) => ({
        ...warning,
        thresholdType: 'PERCENTAGE',
        comparisonOperator: 'GREATER_THAN',
        subscriberEmailAddresses: [email],
      })),
    },
    { parent },
  );
}
