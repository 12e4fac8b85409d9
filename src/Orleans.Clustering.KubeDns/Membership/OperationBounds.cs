using System.Globalization;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>
/// Gives every operation on the table its end, and the exception that explains it: a hanging read would block Orleans'
/// refresh and gossip, a hanging update its only worker that declares silos dead.
/// </summary>
internal sealed class OperationBounds(Func<NodeStatus?> status, CancellationToken applicationStopping)
{
    // How the node's status words a peer that cannot be the one that is missing.
    private const string Answers = "answers";
    private const string Foreign = "foreign";

    /// <summary>Runs an operation for at most <paramref name="limit"/>.</summary>
    public async Task<T> RunAsync<T>(
        string operation, TimeSpan limit, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(limit);
        try
        {
            // The node bounds its operations itself; waiting for the token too means not having to trust it.
            return await run(bound.Token).WaitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException late) when (bound.IsCancellationRequested)
        {
            throw new TimeoutException(NoMajority(operation, limit), late);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(NoMajority(operation, limit), late);
        }
    }

    /// <summary>Runs a wait that only the caller's token or the stop of the application ends.</summary>
    public async Task UntilStoppedAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, applicationStopping);
        try
        {
            await run(stop.Token).WaitAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            var waitingFor = status()?.WaitingFor is { Length: > 0 } line ? $" Until then it waited: {line}" : "";
            var ended = cancellationToken.IsCancellationRequested ? cancellationToken : applicationStopping;
            throw new OperationCanceledException($"Told to stop before this silo had joined.{waitingFor}", ended);
        }
    }

    private string NoMajority(string operation, TimeSpan limit)
    {
        var opening = string.Create(CultureInfo.InvariantCulture,
            $"KDNS305: no majority of the voters answered within {limit.TotalSeconds:0.###} s to {operation}");
        if (status() is not { } now) return $"{opening}: this silo has not started.";
        var missing = now.Peers.Where(peer => peer.Contact is not (Answers or Foreign)).ToList();
        string[] parts =
        [
            $"{opening}; whether it was decided is unknown.",
            now.Voters.Count > 0 ? $"Voters: {string.Join(", ", now.Voters)}." : "No voters are known yet.",
            missing.Count > 0
                ? $"Missing: {string.Join(", ", missing.Select(Tell))}."
                : "Every known peer answered lately: this may be load, or a change of leader.",
            now.WaitingFor,
            now.Diagnosis,
            missing.Count > 0 ? Remedy(missing[0].Name.Split('.'), missing[0].Address) : "",
        ];
        return string.Join(' ', parts.Where(part => part.Length > 0));
    }

    private static string Tell(PeerStatus peer) => string.Create(CultureInfo.InvariantCulture,
        $"{peer.Name} at {peer.Address} ({peer.Contact}, last answer {peer.LastAnswer.TotalSeconds:0} s ago)");

    // Kubernetes removes a lost node's pods late or never; only a person can know earlier that one is gone.
    // A silo that DNS named by its address bears no pod's name.
    private static string Remedy(string[] labels, string address)
    {
        if (labels.Length < 3) return "";
        var host = address[..Math.Max(0, address.LastIndexOf(':'))].Trim('[', ']');
        return labels[0] == Identity.LabelOf(host)
            ? $"Which pod that is: kubectl get pods -n {labels[2]} -o wide | grep -F {host}"
            : $"If you know that it is gone for good: kubectl delete pod {labels[0]} -n {labels[2]} --force";
    }
}
