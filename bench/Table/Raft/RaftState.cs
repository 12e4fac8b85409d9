using System.Buffers;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace TableBench.Raft;

/// <summary>
/// The table that the log makes: rows with the version that last wrote each, and the version. No snapshots: a run is
/// short, and they would only cost.
/// </summary>
internal sealed class RaftState(DirectoryInfo folder) : SimpleStateMachine(folder)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (byte[] Row, int Etag, byte[] Beat)> _rows = [];
    private int _version;

    /// <summary>The whole table, as a reader gets it.</summary>
    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        lock (_gate)
        {
            writer.Write(_version);
            writer.Write(_rows.Count);
            foreach (var (row, etag, beat) in _rows.Values)
            {
                writer.Write(etag);
                writer.Write(row.Length);
                writer.Write(row);
                writer.Write(beat.Length);
                writer.Write(beat);
            }
        }

        return bytes.ToArray();
    }

    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (!entry.IsConfiguration && entry.TryGetPayload(out var payload) && payload.Length > 0)
        {
            var won = Apply(RaftCommand.Read(payload.ToArray()));

            // Only where it was proposed does somebody wait.
            (entry.Context as TaskCompletionSource<bool>)?.TrySetResult(won);
        }

        return ValueTask.FromResult(false);
    }

    protected override ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token) =>
        throw new NotSupportedException("no snapshots are made");

    protected override ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token) =>
        throw new NotSupportedException("no snapshots are made");

    private bool Apply(RaftCommand command)
    {
        lock (_gate)
        {
            var isThere = _rows.TryGetValue(command.Key, out var row);
            switch (command.Kind)
            {
                case RaftCommand.Kinds.Beat:
                    if (isThere) _rows[command.Key] = row with { Beat = command.Row };
                    return isThere;
                case RaftCommand.Kinds.Remove:
                    return _rows.Remove(command.Key);
                case RaftCommand.Kinds.Insert when !isThere && command.Version == _version:
                case RaftCommand.Kinds.Update when isThere && command.Version == _version && row.Etag == command.Etag:
                    _rows[command.Key] = (command.Row, ++_version, row.Beat ?? []);
                    return true;
                default:
                    return false;
            }
        }
    }
}
