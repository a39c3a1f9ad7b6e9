import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Conv2d(1, 4, 3, bias=False),
    nn.BatchNorm2d(4),  # coach: batchnorm-batch-of-one; fix: nn.GroupNorm(4, 4)
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(4 * 36, 3),
)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
images, labels = torch.rand(9, 1, 8, 8), torch.randint(0, 3, (9,))
for image, label in zip(images, labels):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(image[None]), label[None])
    loss.backward()
    opt.step()
