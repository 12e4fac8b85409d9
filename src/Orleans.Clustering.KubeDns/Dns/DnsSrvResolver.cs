using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using DnsClient;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// The real resolver. One SRV question, then one for the addresses of each target that came without glue, all within
/// <see cref="DnsSettings.TotalTimeout"/>.
/// </summary>
internal sealed class DnsSrvResolver(
    DnsSettings settings, LookUpCounts? counts = null, IDnsQuery? library = null) : ISrvResolver
{
    private const int ParallelQuestions = 8;

    private readonly DnsExchange _exchange = new(settings, library);

    public async Task<SrvAnswer> ResolveAsync(string absoluteName, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(settings.TotalTimeout);

        var answer = await AskAsync(DnsName.Absolute(absoluteName), deadline.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        answer = answer with { Took = Stopwatch.GetElapsedTime(started) };
        counts?.Add(answer);
        return answer;
    }

    private async Task<SrvAnswer> AskAsync(string name, CancellationToken deadline)
    {
        if (!TryNameServers(out var servers, out var trouble))
        {
            return new SrvAnswer(name, DnsOutcome.Unreachable) { Detail = trouble };
        }

        var reply = await _exchange.AskAsync(name, QueryType.SRV, servers, deadline).ConfigureAwait(false);
        var answer = reply.Outcome is DnsOutcome.Records
            ? await ReadAsync(name, reply, deadline).ConfigureAwait(false)
            : new SrvAnswer(name, reply.Outcome)
            {
                Detail = reply.Detail,
                IsCutOff = reply.Outcome is DnsOutcome.Incomplete,
            };
        return answer with { Server = reply.Server, ViaTcp = reply.ViaTcp };
    }

    private async Task<SrvAnswer> ReadAsync(
        string name, DnsReply reply, CancellationToken deadline)
    {
        var reader = new SrvReader(settings);
        reader.Read(reply);
        if (reader.Defect is null)
        {
            // Of the server that named the targets: another one may be another cluster's, or dead.
            await AskAddressesAsync(reader, [reply.Server!], deadline).ConfigureAwait(false);
        }

        return reader.ToAnswer(name);
    }

    // CoreDNS always sends glue over TCP; a cache that trims the additional section does not.
    private async Task AskAddressesAsync(
        SrvReader reader, ImmutableArray<IPEndPoint> servers, CancellationToken deadline)
    {
        var questions = reader.WithoutAddress
            .SelectMany(target => new[] { (target, type: QueryType.A), (target, type: QueryType.AAAA) });
        foreach (var batch in questions.Chunk(ParallelQuestions))
        {
            var replies = await Task
                .WhenAll(batch.Select(q => _exchange.AskAsync(DnsName.Absolute(q.target), q.type, servers, deadline)))
                .ConfigureAwait(false);
            for (var i = 0; i < batch.Length; i++)
            {
                reader.ReadAddresses(batch[i].target, replies[i]);
            }
        }

        reader.Close();
    }

    // The list comes from a file that may be missing or half-written: also that is an outcome.
    private bool TryNameServers(out ImmutableArray<IPEndPoint> servers, out string trouble)
    {
        try
        {
            servers = [.. settings.NameServers().Take(settings.MaxNameServers)];
            trouble = servers.IsEmpty ? "no name server is configured" : "";
            return !servers.IsEmpty;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            servers = [];
            trouble = $"the list of name servers could not be read: {fault.Message}";
            return false;
        }
    }
}
