namespace SiloApp.Grains;

/// <summary>Counts, wherever Orleans put it; its count ends with the silo that runs it.</summary>
public interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds one and tells the new count and where it stands.</summary>
    Task<Count> Add();
}

/// <summary>A count and the silo that keeps it.</summary>
[GenerateSerializer, Immutable]
public sealed record Count([property: Id(0)] long Value, [property: Id(1)] string Silo);

/// <summary>Kept in memory on purpose: this sample needs no storage.</summary>
public sealed class CounterGrain(Orleans.Runtime.ILocalSiloDetails silo) : Grain, ICounterGrain
{
    private long _value;

    /// <inheritdoc />
    public Task<Count> Add() => Task.FromResult(new Count(++_value, silo.SiloAddress.ToParsableString()));
}
