using System.Security.Cryptography;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>One client's session at this server: a number drawn here, and the counters it has used.</summary>
internal sealed class Session(Guid id)
{
    public Guid Id => id;

    public ReplayWindow Window { get; } = new();

    public long LastUsed { get; set; }

    public bool InUse { get; set; }
}

/// <summary>
/// The sessions of a server, bounded. A session that is forgotten cannot be replayed into: its messages name a number
/// that nobody knows any more, and the client opens another.
/// </summary>
internal sealed class Sessions(TransportOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, LinkedListNode<Session>> _all = [];

    // Least recently used first.
    private readonly LinkedList<Session> _inUse = [];
    private readonly LinkedList<Session> _unused = [];

    public int Count
    {
        get
        {
            lock (_lock) return _all.Count;
        }
    }

    public Session Open()
    {
        Span<byte> id = stackalloc byte[Macs.NonceSize];
        RandomNumberGenerator.Fill(id);
        var session = new Session(new Guid(id, bigEndian: true)) { LastUsed = time.GetTimestamp() };
        lock (_lock)
        {
            DropIdle();
            if (_unused.Count >= options.MaxUnusedSessions) Drop(_unused.First!);
            _all.Add(session.Id, _unused.AddLast(session));
        }

        return session;
    }

    public Session? Find(Guid id)
    {
        lock (_lock)
        {
            DropIdle();
            return _all.TryGetValue(id, out var node) ? node.Value : null;
        }
    }

    /// <summary>An authenticated message came in this session: keep it before all others.</summary>
    public void Touch(Session session)
    {
        lock (_lock)
        {
            if (!_all.TryGetValue(session.Id, out var node)) return;
            node.List!.Remove(node);
            if (!session.InUse && _inUse.Count >= options.MaxSessions) Drop(_inUse.First!);
            session.InUse = true;
            session.LastUsed = time.GetTimestamp();
            _inUse.AddLast(node);
        }
    }

    private void DropIdle()
    {
        while (_inUse.First is { } oldest && IsIdle(oldest.Value)) Drop(oldest);
        while (_unused.First is { } oldest && IsIdle(oldest.Value)) Drop(oldest);
    }

    private bool IsIdle(Session session) => time.GetElapsedTime(session.LastUsed) > options.SessionIdle;

    private void Drop(LinkedListNode<Session> node)
    {
        node.List!.Remove(node);
        _all.Remove(node.Value.Id);
    }
}
