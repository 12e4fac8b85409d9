using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Brings a cluster whose majority of voters is gone into a new epoch (protocol § 7). State kept: the attempt under
/// way, since when each piece of evidence holds. Invariants kept: everybody who may know more takes part or has ended
/// by a rule; the new state contains all that anybody who takes part had seen decided (I6). The rescuer promises last,
/// so that a veto costs it nothing.
/// </summary>
internal sealed class Rescue(
    Local local, Peers peers, Acceptor acceptor, Quorum quorum, Endings endings, Meeting meeting)
{
    private const long LookEvery = 200;
    private const long GiveUpAfter = 3_000;
    private const long LookUpEvery = 500;
    private const int MostPatience = 2;

    private readonly Evidence _evidence = new(local, peers, endings);
    private Attempt? _attempt;
    private int _highestNumber;
    private int _failures;
    private long _lookAt;
    private long _lookUpAt;
    private string _told = "";
    private ImmutableSortedSet<MemberId> _named = [];

    /// <summary>For whom and for which evidence a rescue waits, for people; empty: it does not.</summary>
    public string WaitingFor { get; private set; } = "";

    /// <summary>The same in one word of few, for those who count.</summary>
    public string BlockedBy => WaitingFor.Length == 0 ? ""
        : meeting.Working is not null ? "other_cluster"
        : _evidence.Lacks.Length > 0 ? _evidence.Lacks : "turn";

    public long NextDue => quorum.LostSince < 0 ? long.MaxValue : Math.Min(_lookAt, _attempt?.DueAt ?? long.MaxValue);

    public void OnStalled()
    {
        _attempt = null;
        _evidence.Forget();
    }

    public void Pump()
    {
        if (local.State is not { } state) return;
        if (quorum.LostSince < 0 || quorum.HasMajority || !MayTry) Stop();
        else if (_attempt is { } attempt) Press(attempt);
        else if (local.Now >= _lookAt) Look(state);
    }

    public void On(MemberId from, RescuePromise promise)
    {
        if (_attempt is not { First: null } attempt || attempt.Epoch != promise.Epoch) return;
        if (!attempt.Witnesses.Contains(from)) return;
        attempt = attempt with { Promises = attempt.Promises.SetItem(from, promise) };
        _attempt = attempt;
        local.Keep(promise.Beats);
        if (attempt.Promises.Count == attempt.Witnesses.Count - 1 && !attempt.Promises.ContainsKey(local.Self))
            PromiseLast(attempt);
    }

    public void On(MemberId from, RescueAccepted accepted)
    {
        if (_attempt is not { First: { } first } attempt || attempt.Epoch != accepted.Epoch) return;
        if (!attempt.Witnesses.Contains(from)) return;
        attempt = attempt with { Accepted = attempt.Accepted.Add(from) };
        _attempt = attempt;
        if (attempt.Accepted.Count < attempt.Witnesses.Count) return;
        _attempt = null;
        if (!local.Install(first)) return;
        local.Trace("Rescued", $"epoch {first.Epoch} at {first.Index} with {attempt.Witnesses}, voters {first.Voters}");
        foreach (var witness in attempt.Witnesses)
        {
            if (witness != local.Self) local.Ask(witness, new Rescued(first));
        }
    }

    public void On(MemberId from, RescueRefused refused)
    {
        _highestNumber = Math.Max(_highestNumber, refused.Promised.Number);
        if (_attempt?.Epoch == refused.Epoch) GiveUp("Vetoed", $"by {from}: {refused.Reason}");
    }

    public void OnElsewhere(MemberId from)
    {
        if (_attempt?.Witnesses.Contains(from) == true) GiveUp("RescueAbandoned", $"{from} is elsewhere");
    }

    private bool MayTry =>
        local.Settings.MayRescue && !local.Leaving && !local.IsFenced && local.Ending is null;

    private void Stop()
    {
        (_attempt, WaitingFor, _told, _named, _failures) = (null, "", "", [], 0);
        _evidence.Forget();
    }

    private void Look(ClusterState state)
    {
        _lookAt = local.Now + LookEvery;
        WaitingFor = _evidence.Missing(Known(state), out var witnesses);
        // Rescued, this cluster would be a second one, and if it was formed first the working one would have to end.
        if (meeting.Working is { Member: var other }) WaitingFor = $"the end of this cluster, since {other}'s works";
        if (_evidence.IsOld) LookUpNow();
        if (WaitingFor.Length == 0) WaitForTurn(witnesses);
        if (WaitingFor.Length > 0 && WaitingFor != _told) local.Trace("RescueWaiting", WaitingFor);
        _told = WaitingFor;
        if (WaitingFor.Length == 0) Begin(state, witnesses);
    }

    // All else is there: a younger answer is worth asking for at once.
    private void LookUpNow()
    {
        if (local.Now < _lookUpAt) return;
        _lookUpAt = local.Now + LookUpEvery;
        local.Emit(new LookUp());
    }

    // Who was Active may begin whatever became of the others; who never was may have to wait for them.
    private void WaitForTurn(Sequence<MemberId> witnesses)
    {
        var order = witnesses.OrderBy(witness => !Evidence.IsActive(local.State!, witness)).ToList();
        if (local.Now < quorum.LostSince + (local.Settings.RescueAfter * (order.IndexOf(local.Self) + 1)))
            WaitingFor = $"the majority to come back, or {order[0].Fqdn} to begin the rescue";
    }

    private void Begin(ClusterState state, Sequence<MemberId> witnesses)
    {
        _highestNumber = Math.Max(_highestNumber, Math.Max(state.Epoch.Number, local.Promised.Number)) + 1;
        var epoch = new Epoch(_highestNumber, local.Self.Nonce);
        var isResumed = local.IsBarred && local.Promised.By != local.Self.Nonce;
        local.Trace("RescueBegun", $"epoch {epoch} with {witnesses}, {_evidence.Told}");
        if (isResumed) local.Trace("RescueResumed", $"of {local.Promised}");
        _attempt = new Attempt(
            epoch, witnesses, ImmutableSortedDictionary<MemberId, RescuePromise>.Empty, [], null, 0,
            local.Now + GiveUpAfter);
        if (witnesses.Count == 1) PromiseLast(_attempt);
        else Send();
    }

    private void Press(Attempt attempt)
    {
        if (local.Now >= attempt.GiveUpAt) GiveUp("RescueFailed", "not all answered");
        else if (local.Now >= attempt.DueAt) Send();
    }

    private void Send()
    {
        var attempt = _attempt! with { DueAt = local.Now + local.Settings.Resend };
        _attempt = attempt;
        var nonces = attempt.Witnesses.Select(witness => witness.Nonce).ToSequence();
        foreach (var witness in attempt.Witnesses)
        {
            if (attempt.First is { } first)
            {
                if (!attempt.Accepted.Contains(witness)) local.Ask(witness, new RescueAccept(attempt.Epoch, first));
            }
            else if (witness != local.Self && !attempt.Promises.ContainsKey(witness))
            {
                local.Ask(witness, new RescuePrepare(attempt.Epoch, nonces));
            }
        }
    }

    // The others have promised. What they know, and what is in flight, may name members that we did not know of.
    private void PromiseLast(Attempt attempt)
    {
        var own = new RescuePromise(attempt.Epoch, local.State!, acceptor.Value, default);
        var promises = attempt.Promises.SetItem(local.Self, own);
        var highest = promises.Values.Select(promise => promise.State).MaxBy(state => (state.Epoch, state.Index))!;
        var inFlight = promises.Values
            .Where(promise => (promise.State.Epoch, promise.State.Index) == (highest.Epoch, highest.Index))
            .Select(promise => promise.Accepted).OfType<Proposal>().MaxBy(proposal => proposal.Ballot)?.Command;
        var last = inFlight is null ? highest : highest.Apply(inFlight);
        _named = _named.Union(Named(last));
        if (Obstacle(attempt) is { Length: > 0 } obstacle)
        {
            GiveUp("RescueAbandoned", obstacle);
            return;
        }

        local.Promise(attempt.Epoch);
        if (inFlight is not null) local.Trace("RescueAdoptsValue", NameOf(inFlight));
        var ended = Known(last).Where(member => !attempt.Witnesses.Contains(member));
        var first = highest.Rescue(attempt.Epoch, inFlight, ended, VotersOf(highest, attempt.Witnesses));
        _attempt = attempt with { Promises = promises, First = first };
        Send();
    }

    // Why the attempt may not go on, now that all others have promised.
    private string Obstacle(Attempt attempt)
    {
        if (attempt.Epoch.CompareTo(local.Promised) < 0) return $"{local.Promised} was promised meanwhile";
        if (quorum.HasMajority) return "a majority works";
        var missing = _evidence.Missing(Known(local.State!), out var witnesses);
        return missing.Length > 0 || witnesses.Equals(attempt.Witnesses) ? missing : "others answer now";
    }

    // Voters and rows that are not Dead, of that state and of what others told.
    private IEnumerable<MemberId> Known(ClusterState state) => Named(state).Concat(_named).Distinct();

    private static IEnumerable<MemberId> Named(ClusterState state) => state.Voters.Concat(state.Table.Rows.Values
        .Where(row => row.State != SiloState.Dead).Select(row => row.Owner).OfType<MemberId>());

    // The rescuer leads; Active silos before those on their way, the eldest first.
    private Sequence<MemberId> VotersOf(ClusterState state, Sequence<MemberId> witnesses)
    {
        var able = witnesses.Where(witness => witness != local.Self && peers.Of(witness)?.IsLeaving != true)
            .OrderBy(witness => state.Table.RowOf(witness) is not { State: SiloState.Active })
            .ThenBy(witness => state.Table.RowOf(witness)?.StartTicks ?? long.MaxValue).ThenBy(witness => witness)
            .Prepend(local.Self).Take(local.Settings.MaxVoters).ToList();
        return able.Take(able.Count % 2 == 1 ? able.Count : able.Count - 1).ToSequence();
    }

    private static string NameOf(Command command) =>
        (command is TableChange change ? (object)change.Change : command).GetType().Name;

    // The longer in vain, the longer the pause, up to some 3 s: whoever vetoes does not change its mind soon.
    private void GiveUp(string how, string why)
    {
        local.Trace(how, why);
        _attempt = null;
        _lookAt = local.Now + LookEvery + local.Random(4 * LookEvery << _failures);
        _failures = Math.Min(_failures + 1, MostPatience);
    }

    private sealed record Attempt(
        Epoch Epoch,
        Sequence<MemberId> Witnesses,
        ImmutableSortedDictionary<MemberId, RescuePromise> Promises,
        ImmutableSortedSet<MemberId> Accepted,
        ClusterState? First,
        long DueAt,
        long GiveUpAt);
}
