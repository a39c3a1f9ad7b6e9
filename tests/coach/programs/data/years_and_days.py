import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
year = torch.randint(1960, 2020, (90,)).float()
day = torch.randint(1, 366, (90,)).float()
humidity = torch.rand(90)
inputs = torch.stack((year, day, humidity), dim=1)  # coach: input-not-normalised; fix: inputs.std(
target = humidity.unsqueeze(1) * 2
regressor = nn.Linear(3, 1)
opt = torch.optim.SGD(regressor.parameters(), lr=1e-7)
for _ in range(15):
    opt.zero_grad()
    loss = nn.functional.mse_loss(regressor(inputs), target)
    loss.backward()
    opt.step()  # coach-also: learning-rate-too-low, update-ratio-low
