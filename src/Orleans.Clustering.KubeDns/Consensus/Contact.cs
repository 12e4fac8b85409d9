using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What is known of one address: who lists it, who answered there last, and how it has behaved since. Times are this
/// process' own clock (ms); −1 stands for never.
/// </summary>
internal sealed record Contact(PeerAddress Address)
{
    /// <summary>The name under which the newest complete answer lists it.</summary>
    public string? Listed { get; init; }

    /// <summary>It greeted us, so it is there, whether DNS shows it yet or not.</summary>
    public bool Invited { get; init; }

    /// <summary>Who answered the greeting that was sent last of those that were answered.</summary>
    public MemberId? Member { get; init; }

    /// <summary>What answers belongs to another cluster. That tells nothing of <see cref="Member"/>.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Which cluster that is.</summary>
    public ClusterKey? ForeignKey { get; init; }

    /// <summary>When the greeting that another cluster's process answered last was sent.</summary>
    public long ForeignGreet { get; init; } = -1;

    /// <summary>When a process of another cluster last answered there.</summary>
    public long ForeignAt { get; init; } = -1;

    public Guid Lineage { get; init; }

    public Epoch Epoch { get; init; }

    /// <summary>What it last told of its cluster.</summary>
    public Standing Standing { get; init; } = Standing.None;

    /// <summary>By how many seconds its wall clock is ahead of ours, for people: nothing here depends on it.</summary>
    public long ClockAhead { get; init; }

    public long Index { get; init; } = -1;

    public bool IsLeaving { get; init; }

    /// <summary>The latest moment at which that process can have started.</summary>
    public long StartedAt { get; init; } = -1;

    public long KnownSince { get; init; } = -1;

    public long GreetedAt { get; init; } = -1;

    /// <summary>When the last valid reply came in.</summary>
    public long AnsweredAt { get; init; } = -1;

    /// <summary>When the last answered greeting was sent.</summary>
    public long AnsweredGreet { get; init; } = -1;

    /// <summary>When that answer came in.</summary>
    public long AnsweredGreetAt { get; init; } = -1;

    /// <summary>When a request of theirs last came in.</summary>
    public long HeardAt { get; init; } = -1;

    /// <summary>The first refusal since the last answer.</summary>
    public long RefusedSince { get; init; } = -1;

    public long RefusedAt { get; init; } = -1;

    public int RefusedAttempts { get; init; }

    /// <summary>When the series of refusals had become long enough for rule (b) of § 7.</summary>
    public long RefusedEnoughAt { get; init; } = -1;

    /// <summary>Attempts without a valid reply since the last one.</summary>
    public int FailedAttempts { get; init; }

    public long FirstFailedAt { get; init; } = -1;

    /// <summary>Until when it is watched closely because another member suspects it.</summary>
    public long WatchUntil { get; init; } = -1;

    /// <summary>Whom this peer said to be refused by when it answered the last greeting.</summary>
    public Sequence<Refusal> Reports { get; init; }

    public bool Refuses => RefusedAttempts > 0;

    public bool HasLineage => Lineage != Guid.Empty;

    /// <summary>Whether it must be answered before this process founds.</summary>
    public bool Counts => Listed is not null || Invited;

    /// <summary>
    /// Whether that process started after that moment: at the earliest when its greeting was sent, less its uptime.
    /// </summary>
    public bool BeganAfter(long time) => StartedAt - (AnsweredGreetAt - AnsweredGreet) > time;

    public bool AnsweredWithin(long ms, long now) => IsWithin(AnsweredAt, ms, now);

    /// <summary>It gave a sign of life, as its listener sees fit to count them.</summary>
    public Contact Answered(long now) => Unrefused() with { AnsweredAt = now, FailedAttempts = 0 };

    /// <summary>The series of refusals, if there was one, is over.</summary>
    public Contact Unrefused() => this with { RefusedSince = -1, RefusedAttempts = 0, RefusedEnoughAt = -1 };

    /// <summary>One more refusal, which may make the series long enough.</summary>
    public Contact RefusedAgain(long now, Settings settings)
    {
        var since = Refuses ? RefusedSince : now;
        var isEnough = now - since >= settings.RefusedFor && RefusedAttempts + 1 >= settings.RefusedAttempts;
        return this with
        {
            RefusedSince = since,
            RefusedAt = now,
            RefusedAttempts = RefusedAttempts + 1,
            RefusedEnoughAt = RefusedEnoughAt < 0 && isEnough ? now : RefusedEnoughAt,
        };
    }

    /// <summary>It has promised an epoch above this one, and takes part in this one no more.</summary>
    public bool IsBarredFrom(Epoch epoch) => Standing.Promised.CompareTo(epoch) > 0;

    public bool IsForeignWithin(long ms, long now) => IsForeign && IsWithin(ForeignAt, ms, now);

    private bool IsWithin(long at, long ms, long now) => at >= 0 && !Refuses && at >= now - ms;
}
