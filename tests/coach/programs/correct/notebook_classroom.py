# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(8, 3)
y = torch.randint(0, 2, (8,))
# %% [2]
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 5)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(5, 2)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))
# %% [3]
model = Classifier()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
# %% [4]
logits = model(x)
print(logits)
# %% [5]
loss = nn.functional.cross_entropy(logits, y)
print("loss", loss.item(), "accuracy", (logits.argmax(1) == y).float().mean().item())
# %% [6]
for name, p in model.named_parameters():
    print(name, p.grad)
# %% [7]
loss.backward()
# %% [8]
for name, p in model.named_parameters():
    print(name, p.grad.norm().item())
# %% [9]
optimizer.step()
# %% [10]
optimizer.zero_grad()
# %% [4] rerun
# %% [5] rerun
# %% [7] rerun
# %% [9] rerun
# %% [10] rerun
# %% [4] rerun
# %% [5] rerun
# %% [7] rerun
# %% [8] rerun
# %% [9] rerun
