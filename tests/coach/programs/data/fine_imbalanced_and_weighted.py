import gradbook as torch
from gradbook import nn

x = torch.randn(200, 4)
y = (torch.rand(200) < 0.05).long()
counts = torch.bincount(y, minlength=2).float()
model = nn.Linear(4, 2)
criterion = nn.CrossEntropyLoss(weight=counts.sum() / (2 * counts))
binary = nn.Linear(4, 1)
bce = nn.BCEWithLogitsLoss(pos_weight=counts[0] / counts[1])
opt = torch.optim.SGD([*model.parameters(), *binary.parameters()], lr=0.05)
for step in range(8):
    loss = criterion(model(x), y) + bce(binary(x).squeeze(1), y.float())
    opt.zero_grad()
    loss.backward()
    opt.step()
