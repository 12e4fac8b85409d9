using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>
/// Scenes of running code, each of which returns what it saw. Each is played once for all the tests, whichever asks
/// first.
/// </summary>
internal sealed class Scenes<T>(IEnumerable<Func<Task<IEnumerable<T>>>> scenes)
{
    private readonly Dictionary<string, Lazy<Task<IEnumerable<T>>>> _scenes = scenes.ToDictionary(
        scene => scene.Method.Name, scene => new Lazy<Task<IEnumerable<T>>>(scene));

    public IEnumerable<string> Names => _scenes.Keys;

    public bool Has(string name) => _scenes.ContainsKey(name);

    /// <summary>Fails if the scene does, or if it saw nothing.</summary>
    public async Task PlayAsync(string name) => Assert.NotEmpty(await _scenes[name].Value);

    /// <summary>What all of them saw.</summary>
    public async Task<List<T>> SeenAsync()
    {
        var seen = new List<T>();
        foreach (var scene in _scenes.Values) seen.AddRange(await scene.Value);
        return seen;
    }
}
