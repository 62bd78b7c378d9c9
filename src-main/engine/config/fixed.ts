/** Sections that are opened once, at the start: neither a reload nor the admin interface changes them. */
export const fixedSections = ['admin', 'haproxySocket', 'snmp'] as const;
