using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>The activities of what is called while this is current; those of other tests are not seen.</summary>
internal sealed class Activities : IDisposable
{
    private readonly Activity _parent = new Activity("test").Start();
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public Activities()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Operations.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == _parent.TraceId ? ActivitySamplingResult.AllData
                    : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _parent.TraceId) _ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyCollection<Activity> Ended => _ended;

    public void Dispose()
    {
        _listener.Dispose();
        _parent.Dispose();
    }
}
