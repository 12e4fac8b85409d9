using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>
/// A client's list of gateways. A failure is never an empty list, on which a client would close its connections; and it
/// is always a <see cref="SiloUnavailableException"/>, which a starting client retries, while a socket's own exception
/// would end it.
/// </summary>
/// <remarks>Virtual and not sealed for the reason given at <see cref="KubeDnsMembershipTable"/>.</remarks>
internal class KubeDnsGatewayListProvider(Func<IGatewaySource> source, IOptions<GatewayOptions> options)
    : IGatewayListProvider
{
    // A backstop only: a source that gives up by itself, earlier, can answer with its last good list.
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(30);

    // Resolved on first use: a client constructs its provider before it validates any options.
    private readonly Lazy<IGatewaySource> _source = new(source, LazyThreadSafetyMode.PublicationOnly);

    /// <inheritdoc />
    public TimeSpan MaxStaleness => options.Value.GatewayListRefreshPeriod;

    /// <inheritdoc />
    public bool IsUpdatable => true;

    /// <summary>Looks up once, so that a client that starts before its silos retries at once.</summary>
    public virtual Task InitializeGatewayListProviderAsync(CancellationToken cancellationToken) =>
        LookUpAsync(cancellationToken);

    /// <inheritdoc cref="IGatewayListProvider.GetGateways"/>
    public virtual async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken)
    {
        var answer = await LookUpAsync(cancellationToken);
        return answer.Gateways.Select(gateway => SiloAddress.New(gateway, 0).ToGatewayUri()).ToList();
    }

    /// <inheritdoc />
    public Task InitializeGatewayListProvider() => InitializeGatewayListProviderAsync(CancellationToken.None);

    /// <inheritdoc />
    public Task<IList<Uri>> GetGateways() => GetGatewaysAsync(CancellationToken.None);

    private async Task<GatewayAnswer> LookUpAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(LookUpLimit);
        try
        {
            var answer = await _source.Value.LookUpAsync(bound.Token).WaitAsync(bound.Token);
            return answer.Answered ? answer : throw new SiloUnavailableException(answer.Diagnosis);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure) when (failure is not SiloUnavailableException)
        {
            throw new SiloUnavailableException($"The gateways could not be looked up: {failure.Message}", failure);
        }
    }
}
