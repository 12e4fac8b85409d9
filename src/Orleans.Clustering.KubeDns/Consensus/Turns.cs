using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>A read that a voter was asked for and has not answered.</summary>
internal sealed record WaitingRead(long Handle, MemberId From, Read Read, long Deadline);

/// <summary>
/// Orders the reads of silos that are about to write their own row (protocol § 4): the next begins once the one before
/// has written, so that it does not lose its compare-and-swap, which would cost it seconds. State kept: whose turn it
/// is, and who waits for one. Invariants kept: nobody waits longer than <see cref="HeldAtMost"/>, no turn lasts longer
/// than <see cref="WriteWithin"/>, and other reads are not held.
/// </summary>
internal sealed class Turns(Local local)
{
    /// <summary>
    /// How long after its read began a silo may take to write before the next one reads: on a starved machine its first
    /// write, which is compiled on the way, comes after 100 to 850 ms, most below 650.
    /// </summary>
    public const long WriteWithin = 750;

    /// <summary>
    /// How long a read waits for its turn before it begins without one: less than a lost write costs, and than the
    /// read itself may take.
    /// </summary>
    public const long HeldAtMost = 1_500;

    private ImmutableList<(WaitingRead Read, long Until)> _held = [];
    private Nonce _holder;
    private long _turnEnds;

    public long NextDue => _held.IsEmpty ? long.MaxValue : Math.Max(local.Now, Math.Min(_turnEnds, _held[0].Until));

    /// <summary>Takes that read if it has to wait for its turn; else it may begin at once.</summary>
    public bool Hold(WaitingRead read)
    {
        _held = _held.RemoveAll(known => known.Read.Read.Id == read.Read.Id);
        if (!read.Read.MayWrite || !local.IsLeader) return false;
        if (_held.IsEmpty && MayBegin(read))
        {
            Begin(read);
            return false;
        }

        local.Trace("ReadHeld", $"of {read.From}, behind {_held.Count + 1}");
        _held = _held.Add((read, local.Now + HeldAtMost));
        return true;
    }

    /// <summary>Those that may begin now.</summary>
    public IEnumerable<WaitingRead> Released()
    {
        while (!_held.IsEmpty && (local.Now >= _held[0].Until || !local.IsLeader || MayBegin(_held[0].Read)))
        {
            var (read, _) = _held[0];
            _held = _held.RemoveAt(0);
            Begin(read);
            yield return read;
        }
    }

    public void OnCommitted(Committed committed)
    {
        if (committed.Command is TableChange { Id: { } id } && id.By == _holder) _turnEnds = local.Now;
    }

    /// <summary>Who lost tries again after seconds, by another read: its turn is over.</summary>
    public void OnLost(MemberId writer)
    {
        if (writer.Nonce == _holder) _turnEnds = local.Now;
    }

    private bool MayBegin(WaitingRead read) => local.Now >= _turnEnds || read.From.Nonce == _holder;

    private void Begin(WaitingRead read) => (_holder, _turnEnds) = (read.From.Nonce, local.Now + WriteWithin);
}
