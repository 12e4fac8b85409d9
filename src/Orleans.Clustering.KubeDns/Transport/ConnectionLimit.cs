using Microsoft.AspNetCore.Connections;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Bounds the connections of a listener. One beyond the bound displaces the oldest that has not proved to be anybody;
/// so connections that say nothing, however many, keep no honest caller out.
/// </summary>
internal sealed class ConnectionLimit(int max)
{
    private readonly Lock _lock = new();

    // Oldest first; those that have proved themselves are counted and not in it.
    private readonly LinkedList<Place> _unproven = [];
    private int _taken;

    /// <summary>A place; null where all are held by connections that have proved themselves.</summary>
    public Place? Enter(ConnectionContext connection)
    {
        Place? displaced = null;
        Place place;
        lock (_lock)
        {
            if (_taken >= max)
            {
                if (_unproven.First is not { } oldest) return null;
                displaced = oldest.Value;
                displaced.WasDisplaced = true;
                Remove(displaced);
            }

            place = new Place(this, connection);
            _unproven.AddLast(place.Node);
            _taken++;
        }

        displaced?.Displace();
        return place;
    }

    private void Prove(Place place)
    {
        lock (_lock)
        {
            if (place.Node.List is not null) _unproven.Remove(place.Node);
        }
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            Remove(place);
        }
    }

    private void Remove(Place place)
    {
        if (place.HasLeft) return;
        if (place.Node.List is not null) _unproven.Remove(place.Node);
        place.HasLeft = true;
        _taken--;
    }

    /// <summary>What one connection holds until it ends.</summary>
    internal sealed class Place : IDisposable
    {
        private readonly ConnectionLimit _limit;
        private readonly ConnectionContext _connection;
        private volatile bool _hasProved;

        public Place(ConnectionLimit limit, ConnectionContext connection)
        {
            (_limit, _connection) = (limit, connection);
            Node = new LinkedListNode<Place>(this);
        }

        public LinkedListNode<Place> Node { get; }

        /// <summary>It was given to another connection.</summary>
        public bool WasDisplaced { get; set; }

        /// <summary>It is nobody's any more.</summary>
        public bool HasLeft { get; set; }

        public bool HasProved => _hasProved;

        /// <summary>The connection is one of ours, and keeps its place.</summary>
        public void Prove()
        {
            if (_hasProved) return;
            _hasProved = true;
            _limit.Prove(this);
        }

        public void Dispose() => _limit.Leave(this);

        public void Displace() => _connection.Abort(new ConnectionAbortedException("Others need the place."));
    }
}
