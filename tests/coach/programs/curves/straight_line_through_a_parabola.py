import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
speed = torch.linspace(-1, 1, 120).unsqueeze(1)
drag = speed**2 + 0.02 * torch.randn(120, 1)
model = nn.Sequential(
    nn.Linear(1, 1),  # coach: loss-plateau; fix: nn.ReLU()
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
for step in range(200):
    loss = nn.functional.mse_loss(model(speed), drag)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # coach-also: cannot-overfit-batch
print(loss.item())
