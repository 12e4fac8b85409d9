namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Notices that this process was away (protocol § 4), paused or suspended: the others may have gone on without it, as
/// they may have while its majority was lost. Until it has looked around it takes no part. State kept: the last step's
/// times, since when it looks around. Invariant kept: who was away for long enough to be rescued from believes no old
/// reply and gives no vote (I1, I6).
/// </summary>
internal sealed class StallFence(Local local, Peers peers)
{
    /// <summary>A step is due at least as often: see <see cref="Replica.NextDue"/>.</summary>
    public const long StepEvery = 1_000;

    private const long AnswerWithin = 1_000;

    private long _now = -1;
    private long _wall;
    private long _since;

    public long NextDue => local.IsFenced ? local.Now + 100 : long.MaxValue;

    /// <summary>Whether this process was away before this step. To be called first in every step.</summary>
    public bool Look()
    {
        var late = _now < 0 ? 0 : Math.Max(local.Now - _now, Math.Abs(local.Wall - _wall) * 1_000) - StepEvery;
        (_now, _wall) = (local.Now, local.Wall);
        if (late <= local.Settings.StallFence || local.State is null) return false;
        local.Trace("LocalStall", $"{late} ms");
        Raise();
        return true;
    }

    /// <summary>Asks everybody before it takes part again, and raises the fence until then.</summary>
    public void LookAround()
    {
        if (local.IsFenced) return;
        Raise();
        peers.GreetAll();
    }

    public void Pump()
    {
        if (!local.IsFenced || (local.Now < _since + AnswerWithin && !AllAnswered())) return;
        local.IsFenced = false;
        local.Trace("LookedAround", $"after {local.Now - _since} ms");
    }

    private void Raise() => (local.IsFenced, _since) = (true, local.Now);

    // Learners, too, that have not answered for long: so it is with all of them after a long stall.
    private bool AllAnswered() =>
        peers.Members().All(member => member == local.Self || peers.At(member.Address)?.AnsweredGreet >= _since)
        && peers.Contacts.Values.All(contact =>
            contact.Lineage != local.State?.Lineage || contact.AnsweredGreet >= _since);
}
