using DnsClient;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>
/// Asks each name server the discovery question by UDP and by TCP. TCP matters before it is needed: a cluster that
/// grows past what UDP holds would stop finding itself.
/// </summary>
internal sealed class ServerExamination(DnsSettings settings, Checklist list)
{
    private const string Subject = "DNS";

    public async Task RunAsync(ServicePort port, CancellationToken cancellationToken)
    {
        var exchange = new DnsExchange(settings);
        foreach (var server in settings.NameServers().Take(settings.MaxNameServers))
        {
            var ways = await Task.WhenAll(((bool[])[false, true]).Select(tcp =>
                exchange.AskOneWayAsync(port.SrvName, QueryType.SRV, server, tcp, cancellationToken)))
                .ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            Tell(port, ways[0], ways[1]);
        }
    }

    private void Tell(ServicePort port, DnsReply udp, DnsReply tcp)
    {
        string[] seen = [Line(udp), Line(tcp)];
        if (HasSpoken(udp) && HasSpoken(tcp)) list.Right(Subject, $"{udp.Server} answers by UDP and TCP", seen);
        else if (HasSpoken(tcp))
            list.Warn(Subject, $"{udp.Server} answers by TCP only: each look-up waits for UDP first", seen);
        else if (!HasSpoken(udp)) list.Wrong(Subject, $"{udp.Server} does not answer", seen);
        else if (!list.Has("KDNS307")) TellNoTcp(port, udp, seen);
    }

    // The same mistake as KDNS307, found before an answer outgrows UDP.
    private void TellNoTcp(ServicePort port, DnsReply udp, string[] seen)
    {
        var answer = new SrvAnswer(port.SrvName, DnsOutcome.Incomplete) { Detail = string.Join("; ", seen) };
        var error = AnswerErrors.CutOff(port, answer) with
        {
            Summary = $"{udp.Server} does not answer by TCP, which an answer for 12 pods and more needs.",
            Seen = [port.SrvName, .. seen],
        };
        list.Diagnose(Subject, error);
    }

    // Cut off or an error: somebody is there.
    private static bool HasSpoken(DnsReply reply) => reply.IsAnswered || reply.Outcome == DnsOutcome.Incomplete;

    private static string Line(DnsReply reply) => reply.Size == 0 ? reply.Detail
        : $"{(reply.ViaTcp ? "TCP" : "UDP")}: {reply.Outcome}, {reply.Records.Length} records, {reply.Size} bytes";
}
