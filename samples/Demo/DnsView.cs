using System.Net;
using DnsClient;

namespace Demo;

/// <summary>Asks the DNS server what any pod could ask: the SRV records of the two services.</summary>
internal sealed class DnsView(IPEndPoint server)
{
    private readonly LookupClient _client = new(new LookupClientOptions(server)
    {
        UseCache = false,
        Timeout = TimeSpan.FromSeconds(1),
        Retries = 0,
        ThrowDnsErrors = false,
    });

    /// <summary>Address by pod name, sorted; empty if the name does not exist or nobody answers.</summary>
    public async Task<IReadOnlyDictionary<string, IPAddress>> ReadAsync(
        string service, string port, CancellationToken cancellationToken)
    {
        var seen = new SortedDictionary<string, IPAddress>(StringComparer.Ordinal);
        try
        {
            var name = $"_{port}._tcp.{service}.{DnsControl.Namespace}.svc.cluster.local.";
            var answer = await _client.QueryAsync(name, QueryType.SRV, cancellationToken: cancellationToken);
            var glue = answer.Additionals.ARecords().ToLookup(record => record.DomainName.Value);
            foreach (var record in answer.Answers.SrvRecords())
            {
                var target = record.Target.Value;
                seen[target.Split('.')[0]] = glue[target].FirstOrDefault()?.Address ?? IPAddress.None;
            }
        }
        catch (DnsResponseException)
        {
            // The server is starting or gone; the view is empty, and the screen shows that.
        }

        return seen;
    }
}
