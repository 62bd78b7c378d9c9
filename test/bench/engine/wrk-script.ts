export type HeadKind = 'small' | 'browser' | 'close';

/** A wrk script: what a load's requests look like, and its figures as one JSON line. */
export function wrkScript(kind: HeadKind): string {
  const fields = {
    small: [],
    close: ['wrk.headers["Connection"] = "close"'],
    browser: browserFields.map(([name, value]) => `wrk.headers["${name}"] = [[${value}]]`),
  }[kind];
  return `${fields.join('\n')}
done = function(s, l, r)
  local e = s.errors
  io.write(string.format('\\nJSON{"requests":%d,"durationUs":%d,"bytes":%d,"p50Us":%d,"p99Us":%d,"errors":%d}\\n',
    s.requests, s.duration, s.bytes, l:percentile(50), l:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** What a current browser sends beside Host: about 1 KiB in 14 fields. */
const browserFields = [
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cache-Control', 'max-age=0'],
  [
    'Cookie',
    `session=${'0123456789abcdef'.repeat(4)}; theme=dark; visitor=GA1.2.1234567890.1700000000; csrf=${'AbCdEf12'.repeat(4)}`,
  ],
  ['Referer', 'https://files.example.com/catalogue/items?page=12&sort=price&direction=ascending'],
  ['Sec-Ch-Ua', '"Chromium";v="140", "Not=A?Brand";v="24"'],
  ['Sec-Ch-Ua-Mobile', '?0'],
  ['Sec-Ch-Ua-Platform', '"Linux"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Upgrade-Insecure-Requests', '1'],
] as const;
