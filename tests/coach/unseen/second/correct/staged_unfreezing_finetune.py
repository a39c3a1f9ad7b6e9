"""Fine-tune in stages: head only, then head + last block, then everything with small learning rates."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
x = torch.randn(200, 12)
y = (x[:, :4].sum(1) > 0).long() + (x[:, 4:8].sum(1) > 0).long()

body = nn.ModuleList([nn.Linear(12, 32), nn.Linear(32, 32)])
head = nn.Linear(32, 3)


def forward(inp):
    for layer in body:
        inp = torch.relu(layer(inp))
    return head(inp)


def set_trainable(module, flag):
    for p in module.parameters():
        p.requires_grad = flag


set_trainable(body, False)
optimizer = torch.optim.Adam([{"params": head.parameters(), "lr": 1e-2}])
criterion = nn.CrossEntropyLoss()


def run(epochs, name):
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(200).split(40):
            optimizer.zero_grad()
            loss = criterion(forward(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    print(f"{name:12s} loss {sum(losses) / len(losses):.4f}")


run(4, "head")
set_trainable(body[1], True)
optimizer.add_param_group({"params": body[1].parameters(), "lr": 3e-3})
run(5, "last block")
set_trainable(body[0], True)
optimizer.add_param_group({"params": body[0].parameters(), "lr": 1e-3})
run(8, "all")
