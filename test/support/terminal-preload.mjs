/** Makes pipes look like a terminal of `TEST_COLUMNS` columns to the program that loads this first. */
const columns = Number(process.env.TEST_COLUMNS);
Object.assign(process.stdout, { isTTY: true, columns, rows: 24 });
Object.assign(process.stdin, { isTTY: true, setRawMode: () => process.stdin });
