export interface PageOrigins {
  /** Origins of the storage that browsers reach by presigned URLs. */
  storage: readonly string[];
  /** Of the key server of encrypted films. */
  keys?: string | undefined;
  isSecure: boolean;
}

/** Headers of every answer. The page loads nothing but its own files and the farm's storage; media play from blob URLs. */
export function securityHeaders({ storage, keys, isSecure }: PageOrigins): Record<string, string> {
  const origins = storage.join(' ');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data: ${origins}`,
    `media-src 'self' blob: ${origins}`,
    `connect-src 'self' ${[...storage, ...(keys === undefined ? [] : [keys])].join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // The path of a shared film opens it.
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    ...(isSecure && { 'strict-transport-security': 'max-age=31536000' }),
  };
}
