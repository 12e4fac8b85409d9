namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>Asks DNS one SRV question. The simulation puts its own DNS, which lies, behind this.</summary>
internal interface ISrvResolver
{
    /// <summary>
    /// Ends within a bounded time with an outcome; throws only if <paramref name="cancellationToken"/> asked for it.
    /// </summary>
    /// <param name="absoluteName">The whole name; no search path is ever applied to it.</param>
    /// <param name="cancellationToken">Gives the question up.</param>
    Task<SrvAnswer> ResolveAsync(string absoluteName, CancellationToken cancellationToken);
}
