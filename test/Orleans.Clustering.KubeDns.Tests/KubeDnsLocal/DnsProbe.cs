using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using DnsClient;
using DnsClient.Protocol;
using KubeDns.Local.Server;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>Asks a server, through DnsClient or with bytes of the test's own.</summary>
internal sealed class DnsProbe(LocalDnsServer dns)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<IDnsQueryResponse> AskAsync(string name, QueryType type, bool tcp = false, int edns = 1232)
    {
        var options = new LookupClientOptions(dns.EndPoint)
        {
            UseCache = false,
            UseTcpOnly = tcp,
            UseTcpFallback = false,
            ExtendedDnsBufferSize = edns,
            Retries = 0,
            Timeout = Patience,
        };
        return await new LookupClient(options).QueryAsync(name, type);
    }

    /// <summary>The addresses of a name, as one line.</summary>
    public async Task<string> AddressesAsync(string name) =>
        string.Join(' ', (await AskAsync(name, QueryType.A)).Answers.ARecords().Select(a => a.Address));

    /// <summary>Header and records, one to a line; the SOA's serial is left out.</summary>
    public static string Show(IDnsQueryResponse response)
    {
        var lines = new StringBuilder($"{response.Header.ResponseCode}\n");
        foreach (var (section, records) in new[]
        {
            ("answer", response.Answers), ("authority", response.Authorities), ("additional", response.Additionals),
        })
        {
            foreach (var record in records.Where(r => r.RecordType != ResourceRecordType.OPT))
            {
                lines.Append(section).Append(' ').Append(Show(record)).Append('\n');
            }
        }

        return lines.ToString();
    }

    public static string Show(DnsResourceRecord record)
    {
        var data = record switch
        {
            AddressRecord a => a.Address.ToString(),
            SrvRecord s => $"{s.Priority} {s.Weight} {s.Port} {s.Target.Original}",
            SoaRecord s => $"{s.MName.Original} {s.RName.Original} {s.Refresh} {s.Retry} {s.Expire} {s.Minimum}",
            _ => "?",
        };
        return $"{record.DomainName.Original} {record.InitialTimeToLive} {record.RecordType} {data}";
    }

    /// <summary>A query in bytes, with EDNS if a size is given.</summary>
    public static byte[] Query(string name, ushort type, int? edns = null)
    {
        var bytes = new List<byte> { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns is null ? 0 : 1) };
        foreach (var label in name.TrimEnd('.').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(label));
        }

        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns is { } size)
        {
            bytes.AddRange([0, 0, 41, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0]);
        }

        return [.. bytes];
    }

    public async Task<byte[]> UdpAsync(byte[] query)
    {
        using var socket = new UdpClient();
        socket.Connect(dns.EndPoint);
        await socket.SendAsync(query);
        return (await socket.ReceiveAsync().WaitAsync(Patience)).Buffer;
    }

    public async Task<byte[]> TcpAsync(byte[] query)
    {
        using var connection = await ConnectAsync();
        await SendAsync(connection, query);
        return await ReceiveAsync(connection) ?? throw new IOException("Closed without an answer.");
    }

    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(dns.EndPoint);
        return client;
    }

    public static async Task SendAsync(TcpClient connection, byte[] query)
    {
        byte[] framed = [(byte)(query.Length >> 8), (byte)query.Length, .. query];
        await connection.GetStream().WriteAsync(framed);
    }

    /// <summary>Null: the server closed the connection.</summary>
    public static async Task<byte[]?> ReceiveAsync(TcpClient connection)
    {
        using var limit = new CancellationTokenSource(Patience);
        var prefix = new byte[2];
        if (await connection.GetStream().ReadAtLeastAsync(prefix, 2, throwOnEndOfStream: false, limit.Token) < 2)
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await connection.GetStream().ReadExactlyAsync(message, limit.Token);
        return message;
    }

    public static int Code(byte[] message) => message[3] & 0xf;

    public static bool Truncated(byte[] message) => (message[2] & 2) != 0;

    public static int Count(byte[] message, int section) =>
        BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(4 + 2 * section));
}
