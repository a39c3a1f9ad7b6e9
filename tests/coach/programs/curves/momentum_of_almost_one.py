import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
x = torch.linspace(-1, 1, 60).unsqueeze(1)
y = 3 * x + 1 + 0.05 * torch.randn(60, 1)
model = nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.999)  # coach: learning-rate-too-high
for i in range(60):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    if i % 10 == 0:
        print(i, loss.item())
