using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Orleans.Configuration;

/// <summary>
/// Reads options from a section of the configuration, each on its own: the binder of the base library stops at the
/// first text that it cannot read, and passes over a list that is given as one text.
/// </summary>
internal static class OptionBinding
{
    private static readonly char[] BetweenItems = [',', ';', ' '];

    /// <summary>Sets what the section holds; adds to <paramref name="unreadable"/> what it cannot read.</summary>
    public static void Bind<TOptions>(IConfiguration section, TOptions options, ICollection<string> unreadable)
        where TOptions : class
    {
        foreach (var property in typeof(TOptions).GetProperties().Where(property => property.CanWrite))
        {
            var given = section.GetSection(property.Name);
            if (given.Value is null && !given.GetChildren().Any()) continue;
            if (property.PropertyType == typeof(IList<string>))
            {
                property.SetValue(options, Items(given));
            }
            else if (TryRead(given, property.PropertyType, out var value))
            {
                property.SetValue(options, value);
            }
            else
            {
                unreadable.Add(Fault(property, given));
            }
        }
    }

    // A list in one text is how the environment is mostly written; it goes before a settings file's list.
    private static IList<string> Items(IConfigurationSection given) => string.IsNullOrEmpty(given.Value)
        ? [.. given.GetChildren().Select(item => item.Value ?? "")]
        : given.Value.Split(BetweenItems, StringSplitOptions.RemoveEmptyEntries);

    private static bool TryRead(IConfigurationSection given, Type type, out object? value)
    {
        value = null;
        if (given.Value is null) return false;
        try
        {
            value = given.Get(type);
            return value is not null || Nullable.GetUnderlyingType(type) is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    // Texts are always readable, so what is printed here is never a path, let alone a secret.
    private static string Fault(PropertyInfo property, IConfigurationSection given)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var what = given.Value is null ? "a list or a section" : $"'{given.Value}'";
        return $"{given.Path} is {what}: write {Form(type)}.";
    }

    private static string Form(Type type) =>
        type == typeof(TimeSpan) ? "hours:minutes:seconds, such as 00:00:05"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) ? "a whole number"
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : "one text";
}
