import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(11)
days = 260
fahrenheit = 68 + 14 * torch.randn(days)
humidity = 25 + 65 * torch.rand(days)
hectopascal = 1013 + 9 * torch.randn(days)
wind_direction = 360 * torch.rand(days)
weather = torch.stack([fahrenheit, humidity, hectopascal, wind_direction], dim=1)  # coach: input-not-normalised; fix: weather.std(
demand = (fahrenheit - 68) / 14 - 0.4 * (humidity - 57) / 19 + 0.2 * torch.randn(days)

forecast = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.Adam(forecast.parameters(), lr=1e-3)
for epoch in range(6):  # coach-also: loss-plateau, suspicious-initial-loss
    for rows in torch.randperm(days).split(26):
        loss = nn.functional.mse_loss(forecast(weather[rows]).squeeze(1), demand[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
