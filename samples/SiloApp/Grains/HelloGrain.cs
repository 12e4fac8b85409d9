using Orleans.Placement;
using Orleans.Runtime;

namespace SiloApp.Grains;

/// <summary>One per silo, keyed by the silo's address: it tells where it really runs.</summary>
public interface IHelloGrain : IGrainWithStringKey
{
    /// <summary>Answers with the silo that runs this grain.</summary>
    Task<Greeting> Hello(string caller);
}

/// <summary>Who answered, and how often it was asked since it was activated.</summary>
[GenerateSerializer, Immutable]
public sealed record Greeting(
    [property: Id(0)] string Silo,
    [property: Id(1)] string Name,
    [property: Id(2)] int ProcessId,
    [property: Id(3)] int Calls);

/// <summary>Random placement obeys the caller's placement hint, which <see cref="SiloCalls"/> sets.</summary>
[RandomPlacement]
public sealed class HelloGrain(ILocalSiloDetails silo, ILogger<HelloGrain> logger) : Grain, IHelloGrain
{
    private int _calls;

    /// <inheritdoc />
    public Task<Greeting> Hello(string caller)
    {
        _calls++;
        logger.LogDebug("Hello number {Calls} from {Caller}", _calls, caller);
        return Task.FromResult(new Greeting(
            silo.SiloAddress.ToParsableString(), silo.Name, Environment.ProcessId, _calls));
    }
}
