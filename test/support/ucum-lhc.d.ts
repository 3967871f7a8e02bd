/** What the tests use of the library, which brings no types of its own. */
declare module '@lhncbc/ucum-lhc' {
  type Conversion = {
    readonly status: 'succeeded' | 'failed' | 'error';
    readonly toVal: number | null;
    readonly msg: readonly string[];
  };
  type Utils = {
    convertUnitTo(
      from: string,
      value: number,
      to: string,
      options?: { readonly molecularWeight?: number; readonly charge?: number },
    ): Conversion;
    validateUnitString(code: string): {
      readonly status: 'valid' | 'invalid' | 'error';
      readonly ucumCode: string | null;
    };
  };
  const library: { readonly UcumLhcUtils: { getInstance(): Utils } };
  export default library;
}
