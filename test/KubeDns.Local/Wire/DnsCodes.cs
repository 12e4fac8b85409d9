namespace KubeDns.Local.Wire;

internal enum RecordType : ushort
{
    A = 1,
    Ns = 2,
    Cname = 5,
    Soa = 6,
    Txt = 16,
    Aaaa = 28,
    Srv = 33,
    Opt = 41,
    Ixfr = 251,
    Axfr = 252,
}

internal enum ResponseCode : ushort
{
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,
    BadVers = 16,
}

internal static class DnsClass
{
    public const ushort Internet = 1;
}

[Flags]
internal enum HeaderFlags : ushort
{
    None = 0,
    Response = 0x8000,
    Opcode = 0x7800,
    Authoritative = 0x0400,
    Truncated = 0x0200,
    RecursionDesired = 0x0100,
    RecursionAvailable = 0x0080,
    CheckingDisabled = 0x0010,
}
