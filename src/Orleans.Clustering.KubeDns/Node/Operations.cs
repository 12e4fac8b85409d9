using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// Watches this silo's operations on the table, each from its call to its end: counts, durations, and a trace
/// (<see cref="Activity"/>) of each for those who listen. Any thread.
/// </summary>
internal sealed class Operations
{
    public const string SourceName = "Orleans.Clustering.KubeDns";

    private static readonly ActivitySource Source = new(SourceName);

    private static readonly string[] Names =
        ["read", "heartbeat", "insert_row", "update_row", "cleanup", "delete_all"];

    // As with a tally: what is rare, and asked for its growth, is told from the start.
    private readonly ConcurrentDictionary<(string Op, string Outcome), long> _counts =
        new(Names.Select(op => KeyValuePair.Create((op, "timed_out"), 0L)));

    public IEnumerable<KeyValuePair<(string Op, string Outcome), long>> All => _counts;

    /// <summary>One has ended: which, how, and what it took.</summary>
    public event Action<string, string, TimeSpan>? Ended;

    /// <summary>
    /// Runs one that may take so long; <paramref name="version"/> tells the table's version afterwards, and
    /// <paramref name="attempts"/> how often voters were asked for one that threw.
    /// </summary>
    public async Task<Effect> WatchAsync(
        string what, TimeSpan limit, TimeProvider time, Func<int> version, Func<int> attempts,
        Func<Task<Effect>> run)
    {
        var (op, begun) = (Words.Of(what), time.GetTimestamp());
        using var activity = Source.StartActivity($"kubedns {op}");
        try
        {
            var effect = await run().ConfigureAwait(false);
            End(op, OutcomeOf(effect), time.GetElapsedTime(begun), activity, VersionOf(effect) ?? version(),
                AttemptsOf(effect));
            return effect;
        }
        catch (Exception error)
        {
            var took = time.GetElapsedTime(begun);
            End(op, OutcomeOf(error, took, limit), took, activity, version(), attempts());
            throw;
        }
    }

    private void End(string op, string outcome, TimeSpan took, Activity? activity, int version, int attempts)
    {
        _counts.AddOrUpdate((op, outcome), 1, (_, count) => count + 1);
        Ended?.Invoke(op, outcome, took);
        if (activity is null) return;
        activity.SetTag("op", op).SetTag("outcome", outcome).SetTag("version", version).SetTag("attempts", attempts);
        activity.SetStatus(outcome is "done" or "lost" ? ActivityStatusCode.Ok : ActivityStatusCode.Error, outcome);
    }

    private static string OutcomeOf(Effect effect) => effect switch
    {
        ReadAnswered or Answered { Answer: Answer.Done } => "done",
        Answered { Answer: Answer.Lost } => "lost",
        Answered { Answer: null } => "timed_out",
        _ => "unknown",
    };

    // Whoever bounds the call from outside by the same limit may be a moment faster than the machine.
    private static string OutcomeOf(Exception error, TimeSpan took, TimeSpan limit) => error switch
    {
        TimeoutException => "timed_out",
        OperationCanceledException => took >= limit * 0.95 ? "timed_out" : "canceled",
        _ => "ended",
    };

    private static int? VersionOf(Effect effect) => (effect as ReadAnswered)?.State.Table.Version;

    private static int AttemptsOf(Effect effect) => effect switch
    {
        ReadAnswered read => read.Attempts,
        Answered answered => answered.Attempts,
        _ => 0,
    };
}
