using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What the roles of one replica share: who it is, the time of this step, the state applied so far, and the effects
/// gathered. State kept: <see cref="State"/>, the tail of the log, heartbeats. Invariant kept: the state only ever
/// moves forward, one decided command or one snapshot at a time (I1).
/// </summary>
internal sealed class Local(Settings settings, ClusterKey key, MemberId self, ulong seed)
{
    /// <summary>How many decided commands are kept for members that lag; who lags more gets the state whole.</summary>
    private const int TailLength = 512;

    /// <summary>Marks requests to ourselves, which never leave the step.</summary>
    private const long SelfHandle = -1;

    private readonly Queue<Received> _toSelf = new();
    private List<Effect> _effects = [];
    private ImmutableList<Command> _tail = [];
    private ulong _random = seed;

    public Settings Settings => settings;

    public ClusterKey Key => key;

    public MemberId Self { get; private set; } = self;

    public long Now { get; private set; }

    /// <summary>Seconds since 2022-01-01 UTC.</summary>
    public long Wall { get; private set; }

    public long StartedAt { get; private set; } = -1;

    /// <summary>When this process was told to stop (own clock, ms); −1: it was not.</summary>
    public long LeavingSince { get; private set; } = -1;

    public bool Leaving => LeavingSince >= 0;

    /// <summary>DNS shows this process under an identity that is not its own: it neither founds nor joins.</summary>
    public bool IsMisnamed { get; set; }

    /// <summary>DNS is to name this process, and has not yet.</summary>
    public bool IsNameless { get; private set; } = self.IsNamedByDns;

    /// <summary>
    /// As if this process had not started: it neither founds nor joins nor greets nor answers greetings. Were it to
    /// answer, others would wait for a witness that never promises, or come to know it by two names.
    /// </summary>
    public bool IsMute => State is null && (IsMisnamed || IsNameless);

    public ClusterState? State { get; private set; }

    public ImmutableSortedDictionary<SiloId, long> Beats { get; private set; } =
        ImmutableSortedDictionary<SiloId, long>.Empty;

    /// <summary>The highest epoch promised to a rescuer.</summary>
    public Epoch Promised { get; private set; }

    /// <summary>
    /// This member promised to leave its epoch, and has not come to another: it takes part in nothing, and takes in
    /// nothing more of what that epoch decides.
    /// </summary>
    public bool IsBarred => State is { } state && Promised.CompareTo(state.Epoch) > 0;

    /// <summary>This member was away for too long to know whether its epoch still stands.</summary>
    public bool IsFenced { get; set; }

    /// <summary>Whether it may vote, lead, answer and believe answers.</summary>
    public bool MayTakePart => !IsBarred && !IsFenced && Ending is null or EndReason.Yields;

    /// <summary>Whether a majority of the voters may be out of reach, so that they have to be looked for.</summary>
    public bool InDoubt { get; set; }

    /// <summary>Whether it is out of reach, so that everybody has to be looked for.</summary>
    public bool IsLost { get; set; }

    /// <summary>Why this process has to end, once it has.</summary>
    public EndReason? Ending { get; private set; }

    public bool IsVoter => State?.IsVoter(Self.Nonce) == true;

    public bool IsLeader => State?.Leader == Self;

    public void BeginLeaving() => LeavingSince = Leaving ? LeavingSince : Now;

    public void Begin(long now, long wall)
    {
        Now = now;
        Wall = wall;
        if (StartedAt < 0) StartedAt = now;
    }

    /// <summary>From now on, and for good, this process bears that name; nobody has heard of it by another.</summary>
    public void TakeName(string name)
    {
        Invariant.Require(IsNameless && State is null, "I4", "a name is taken once, before anybody knows us");
        Self = Self with { Fqdn = name };
        IsNameless = false;
        Trace("Named", $"{Self.Address} is {name}");
    }

    public List<Effect> Take()
    {
        var taken = _effects;
        _effects = [];
        return taken;
    }

    public bool HasMoreToSelf => _toSelf.Count > 0;

    /// <summary>States applied that the roles have not been told of yet.</summary>
    public Queue<Committed> Fresh { get; } = new();

    public bool NextToSelf(out Received received) => _toSelf.TryDequeue(out received!);

    public void Ask(MemberId to, Message body) => Ask(to.Address, to.Nonce, body);

    /// <summary>Sends a request; to ourselves it is served within this step.</summary>
    public void Ask(PeerAddress to, Nonce nonce, Message body)
    {
        if (nonce == Self.Nonce) _toSelf.Enqueue(new Received(SelfHandle, Wrap(nonce, body)));
        else _effects.Add(new Send(to, 0, Wrap(nonce, body)));
    }

    public void Reply(long handle, MemberId to, Message body)
    {
        if (handle == SelfHandle) _toSelf.Enqueue(new Received(0, Wrap(to.Nonce, body)));
        else _effects.Add(new Send(to.Address, handle, Wrap(to.Nonce, body)));
    }

    /// <summary>From now on, and for good, nothing of a lower epoch is served or believed.</summary>
    public void Promise(Epoch epoch)
    {
        Invariant.Require(epoch.CompareTo(Promised) >= 0, "I1", "a promise to a rescuer is never taken back");
        Promised = epoch;
    }

    /// <summary>Tells the shell, once, that this process must end.</summary>
    public void End(EndReason reason, string text)
    {
        if (Ending is not null and not EndReason.Yields || Ending == reason) return;
        Ending = reason;
        Trace(reason == EndReason.Yields ? "Yielding" : reason.ToString(), text);
        Emit(new EndProcess(reason, text));
    }

    public void Emit(Effect effect) => _effects.Add(effect);

    public void Trace(string name, string text, string cause = "") => _effects.Add(new Trace(name, text, cause));

    /// <summary>A number in [0, bound], from the seed (Steele et al., SplitMix64).</summary>
    public long Random(long bound)
    {
        _random += 0x9E3779B97F4A7C15;
        var z = (_random ^ (_random >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return bound <= 0 ? 0 : (long)((z ^ (z >> 31)) % (ulong)(bound + 1));
    }

    /// <summary>Applies what was decided in the next slot.</summary>
    public void Apply(Command command)
    {
        var before = State!;
        Invariant.Require(command is not SetVoters { Voters.Count: 0 }, "I8", "a state without voters");
        State = before.Apply(command);
        _tail = _tail.Add(command);
        if (_tail.Count > TailLength) _tail = _tail.RemoveAt(0);
        if (command is TableChange { Change: Cleanup cleanup }) Beats = Beats.RemoveRange(cleanup.Victims);
        Announce(new Committed(command, State));
        if (command is SetVoters voters) TraceVoters(before, voters);
    }

    /// <summary>
    /// Starts from a whole state, or jumps ahead, or into the epoch that was promised; refuses an older one, and one of
    /// another life.
    /// </summary>
    public bool Install(ClusterState state)
    {
        if (state.Key != Key || (State is { } own && !MayFollow(own, state))) return false;
        State = state;
        _tail = [];
        Announce(new Committed(null, state));
        return true;
    }

    /// <summary>Takes in what another member says was decided.</summary>
    public void Install(News news)
    {
        if (news.Snapshot is { } snapshot) Install(snapshot);
        for (var i = 0; !IsBarred && State is { } state && i < news.Commands.Count; i++)
        {
            if (news.First + i == state.Index + 1) Apply(news.Commands[i]);
        }
    }

    /// <summary>What was decided after that index: commands if they are still kept, else the state.</summary>
    public News NewsAfter(long index)
    {
        var state = State!;
        if (index >= state.Index) return News.None;
        var missing = state.Index - index;
        return index >= 0 && missing <= _tail.Count
            ? new News(index + 1, _tail.Skip(_tail.Count - (int)missing).ToSequence(), null)
            : new News(0, default, state);
    }

    public long BeatOf(SiloId silo) => Beats.GetValueOrDefault(silo);

    /// <summary>The heartbeats of all silos in the table.</summary>
    public Sequence<Beat> AllBeats() => Beats.Where(beat => State!.Table.Rows.ContainsKey(beat.Key))
        .Select(beat => new Beat(beat.Key, beat.Value)).ToSequence();

    public void Keep(Sequence<Beat> beats)
    {
        foreach (var beat in beats)
        {
            if (beat.Ticks > BeatOf(beat.Silo)) Beats = Beats.SetItem(beat.Silo, beat.Ticks);
        }
    }

    private bool MayFollow(ClusterState own, ClusterState next)
    {
        if (own.Lineage != next.Lineage) return false;
        return own.Epoch == next.Epoch
            ? !IsBarred && next.Index > own.Index
            : IsBarred && next.Epoch == Promised;
    }

    private void Announce(Committed committed)
    {
        _effects.Add(committed);
        Fresh.Enqueue(committed);
    }

    private Envelope Wrap(Nonce to, Message body) =>
        new(Key, Self, to, State?.Lineage ?? Guid.Empty, State?.Epoch ?? default, body);

    private void TraceVoters(ClusterState before, SetVoters voters)
    {
        Trace("VotersChanged", $"{before.Voters} -> {voters.Voters} at {State!.Index}", Change(before, voters));
        if (before.Leader != State.Leader) Trace("LeaderChanged", $"{before.Leader} -> {State.Leader}");
    }

    private static string Change(ClusterState before, SetVoters voters)
    {
        var (dropped, added) = (before.Voters.Except(voters.Voters).Any(), voters.Voters.Except(before.Voters).Any());
        return (dropped, added) switch
        {
            (true, true) => "replaced",
            (true, _) => "dropped",
            (_, true) => "added",
            _ => "takeover",
        };
    }
}
