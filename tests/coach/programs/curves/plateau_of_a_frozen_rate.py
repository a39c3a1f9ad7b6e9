import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)  # coach-also: learning-rate-too-low
x = torch.randn(60, 3)
y = torch.sin(x).sum(1, keepdim=True)
for epoch in range(3):
    for b in range(6):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[b * 10 : b * 10 + 10]), y[b * 10 : b * 10 + 10])
        loss.backward()
        optimizer.step()
        scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
