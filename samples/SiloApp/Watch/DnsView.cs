using System.Net;
using DnsClient;

namespace SiloApp.Watch;

/// <summary>Asks DNS what any pod could ask: the SRV records of a service.</summary>
internal sealed class DnsView(params IPEndPoint[] servers)
{
    private readonly LookupClient _client = new(new LookupClientOptions(servers)
    {
        UseCache = false,
        Timeout = TimeSpan.FromSeconds(1),
        Retries = 0,
        ThrowDnsErrors = false,
    });

    /// <summary>
    /// The listed addresses, each with the first label of its name; empty if the name does not exist, null if nobody
    /// answers. The address is the key, for a pod's name differs from service to service: only its governing service
    /// lists it by name, any other by dashed address.
    /// </summary>
    public async Task<IReadOnlyDictionary<IPAddress, string>?> ReadOrNullAsync(
        string service, string port, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<IPAddress, string>();
        try
        {
            var name = $"_{port}._tcp.{service}.";
            var answer = await _client.QueryAsync(name, QueryType.SRV, cancellationToken: cancellationToken);
            if (answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain) return null;
            var glue = answer.Additionals.AddressRecords().ToLookup(record => record.DomainName.Value);
            foreach (var record in answer.Answers.SrvRecords())
            {
                var target = record.Target.Value;
                foreach (var address in glue[target])
                {
                    seen[address.Address] = target.Split('.')[0];
                }
            }
        }
        catch (DnsResponseException)
        {
            // The server is starting or gone.
            return null;
        }

        return seen;
    }

    /// <summary>The same; empty also where nobody answers.</summary>
    public async Task<IReadOnlyDictionary<IPAddress, string>> ReadAsync(
        string service, string port, CancellationToken cancellationToken) =>
        await ReadOrNullAsync(service, port, cancellationToken) ?? new Dictionary<IPAddress, string>();
}
