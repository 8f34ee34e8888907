// The messages of Downgrade.

export const DOWNGRADE_MESSAGES = {
  DowngradeRequest: {
    action: [1, "enum DowngradeAction"],
    version: [2, "string"],
  },
  DowngradeResponse: {
    header: [1, "ResponseHeader"],
    version: [2, "string"],
  },
} as const;
