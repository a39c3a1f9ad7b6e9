import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


@torch.no_grad()  # coach: training-under-no-grad
def run_step(model, batch, criterion, optimizer=None):
    x, y = batch
    out = model(x)
    loss = criterion(out, y)
    if optimizer is not None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


data = torch.randn(200, 5)
target = (data @ torch.tensor([1.0, -1.0, 2.0, 0.0, 0.5])).unsqueeze(1)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(10):
    model.train()
    for idx in torch.randperm(200).split(40):
        tl = run_step(model, (data[idx], target[idx]), criterion, optimizer)
    print(epoch, tl)
# coach-also: nothing-requires-grad
